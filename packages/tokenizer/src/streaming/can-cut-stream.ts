/** Whether text in parts can be encoded part by part: where every file part sees a letter and a space behind it as two things. */
import type { AddedToken } from '../added-tokens/read-added-tokens.js'
import type { Catalog } from '../catalog.js'
import type { Step } from '../reading/steps.js'

/** The place to cut is between an ASCII letter and a space. `isCut` says that words are cut without a pre-tokenizer. */
export function canCutStream(
  normalizers: readonly Step[],
  preTokenizers: readonly Step[],
  { cuts }: Catalog,
  added: readonly AddedToken[],
  isCut: boolean,
): boolean {
  const cut = (step: Step): boolean | undefined => (Object.hasOwn(cuts, step.type) ? cuts[step.type](step) : undefined)
  const isLocal = [...normalizers, ...preTokenizers].every((step) => cut(step) !== undefined)
  return isLocal && (isCut || preTokenizers.some(cut)) && !added.some(reachesOverCut)
}

const reachesOverCut = ({ content, rstrip }: AddedToken): boolean =>
  /[A-Za-z] /.test(content) || (rstrip && /[A-Za-z]$/.test(content))
