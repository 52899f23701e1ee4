/**
 * Keys as paths. A file ends with `~`, so that a key can be the beginning of another; a capital letter is written with `=` before it,
 * because some file systems do not tell it from a small one.
 */
export function pathOf(key: string): string {
  return `${key.replaceAll(/[A-Z]/g, (letter) => `=${letter.toLowerCase()}`)}~`
}

export function isFile(name: string): boolean {
  return name.endsWith('~')
}

/** The word of a key that a file or folder stands for. */
export function wordOf(name: string): string {
  return name.replace(/~$/, '').replaceAll(/=(.)/g, (_, letter: string) => letter.toUpperCase())
}
