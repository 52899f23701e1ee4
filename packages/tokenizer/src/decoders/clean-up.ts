/** The spaces that tokenization puts before marks, taken away again. */

const CLEANUPS = [' .', ' ?', ' !', ' ,', " ' ", " n't", " 'm", ' do not', " 's", " 've", " 're"]

/** Takes away the spaces that tokenization has put before marks, as the reference does in every token by itself. */
export function cleanUp(text: string): string {
  for (const found of CLEANUPS)
    text = text.replaceAll(found, found === " ' " ? "'" : found === ' do not' ? " don't" : found.slice(1))
  return text
}
