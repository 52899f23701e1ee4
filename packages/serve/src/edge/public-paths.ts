import { pagePaths } from '../api/pages.js'

/** Paths that answer without a key: health checks, and pages that hold nothing of anybody. */
export const publicPaths: ReadonlySet<string> = new Set(['/livez', '/readyz', ...pagePaths])
