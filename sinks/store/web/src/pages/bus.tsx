export function BusPage(_: {id?: string; query?: URLSearchParams}) { return <p>soon</p>; }
