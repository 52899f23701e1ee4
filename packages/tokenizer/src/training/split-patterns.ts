/** The patterns of published tokenizers that training can write, as their files spell them. */

const cl100k = (numbers: string): string =>
  `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${numbers}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`

export const LLAMA3_PATTERN = cl100k('\\p{N}{1,3}')

export const QWEN2_PATTERN = cl100k('\\p{N}')
