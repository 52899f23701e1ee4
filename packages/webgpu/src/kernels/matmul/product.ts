/** A matrix product as the kernels of this folder take it. */

export interface Product {
  readonly a: number
  readonly b: number
  readonly y: number
  readonly rows: number
  readonly inner: number
  readonly columns: number
  /** The columns of y that the product makes, where they are not all: they begin at `first` in rows of `stride`. */
  readonly window?: ColumnWindow
  readonly batch: number
  readonly transposeA: boolean
  readonly transposeB: boolean
}

export interface ColumnWindow {
  readonly first: number
  readonly stride: number
}

export function windowOf({ columns, window }: Product): ColumnWindow {
  return window ?? { first: 0, stride: columns }
}
