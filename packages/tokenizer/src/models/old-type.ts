/** Older files name no type of their model: then the fields tell, as in the reference. */
import { field, type Fields } from '../reading/fields.js'

export function oldType(fields: Fields): string {
  const has = (key: string): boolean => field(fields, key) !== undefined
  return has('merges')
    ? 'BPE'
    : has('unk_id')
      ? 'Unigram'
      : has('continuing_subword_prefix')
        ? 'WordPiece'
        : 'WordLevel'
}
