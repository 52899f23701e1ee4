/** The pages of the server: a text box, and the API in words. They are files of this package, and load nothing from anywhere else. */
import { readFileSync } from 'node:fs'
import { createRequire as requireFrom } from 'node:module'
import { dirname, join } from 'node:path'

const types = { html: 'text/html', css: 'text/css', js: 'text/javascript' }

/** The file of each path. Their names tell nothing, so they need no key. */
const files: Readonly<Record<string, string>> = {
  '/': 'index.html',
  '/docs': 'docs.html',
  ...Object.fromEntries(
    ['page.css', 'key.js', 'events.js', 'output.js', 'write.js', 'docs.js'].map((name) => [`/pages/${name}`, name]),
  ),
}
export const pagePaths: readonly string[] = Object.keys(files)

const headers = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-cache',
}

/** Reads the files, so that a server that lacks one does not start. */
export function readPages(): ReadonlyMap<string, () => Response> {
  const folder = join(dirname(requireFrom(import.meta.url).resolve('@retnet/serve/package.json')), 'src/pages')
  return new Map(
    Object.entries(files).map(([path, name]) => {
      const body = readFileSync(join(folder, name))
      const type = types[name.split('.')[1] as keyof typeof types]
      return [path, () => new Response(body, { headers: { ...headers, 'content-type': `${type}; charset=utf-8` } })]
    }),
  )
}
