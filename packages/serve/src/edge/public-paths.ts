/** Paths that answer without a key. */
export const publicPaths: ReadonlySet<string> = new Set(['/livez', '/readyz'])
