import { RetNetError } from './retnet-error.js'

/** A graph breaks the rules that `check` states, or a program was called with inputs that do not fit its graph. */
export class GraphError extends RetNetError {}
