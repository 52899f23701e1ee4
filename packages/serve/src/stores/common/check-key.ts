import { StoreError } from '../errors.js'

// S3 takes 1,024 bytes, and a file name 255 with what the disk store adds to it
const LONGEST_KEY = 900
const LONGEST_WORD = 120
const WORD = /^[A-Za-z0-9._-]+$/
const PREFIX = /^[A-Za-z0-9._/-]*$/

/** Throws StoreError('key') for keys that not every store can keep as they are. */
export function checkKey(key: string): void {
  if (key.length <= LONGEST_KEY && key.split('/').every(isWord)) return
  throw new StoreError('key', `${shown(key)}: expected words of A-Z a-z 0-9 . _ - joined by /, at most ${LONGEST_KEY}.`)
}

/** The beginning of a key, which may end within a word. */
export function checkPrefix(prefix: string): void {
  const words = prefix.split('/')
  const whole = words.slice(0, -1)
  if (prefix.length <= LONGEST_KEY && PREFIX.test(prefix) && whole.every(isWord)) return
  throw new StoreError('key', `${shown(prefix)}: expected the beginning of a key.`)
}

function isWord(word: string): boolean {
  return word.length <= LONGEST_WORD && WORD.test(word) && word !== '.' && word !== '..'
}

function shown(key: string): string {
  return JSON.stringify(key.length > 60 ? `${key.slice(0, 60)}...` : key)
}
