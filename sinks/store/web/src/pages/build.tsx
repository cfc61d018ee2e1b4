export function BuildPage(_: {id?: string; query?: URLSearchParams}) { return <p>soon</p>; }
