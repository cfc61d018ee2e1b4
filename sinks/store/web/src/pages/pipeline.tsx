export function PipelinePage(_: {id?: string; query?: URLSearchParams}) { return <p>soon</p>; }
