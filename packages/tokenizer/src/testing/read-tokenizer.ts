/** A tokenizer with all parts there are, at once. */
import { allParts } from '../parts.js'
import { TokenizerPlus } from '../tokenizer-plus.js'

export const readTokenizer = (json: string | object): TokenizerPlus => TokenizerPlus.fromJson(json, allParts)
