/** All about sessions that the routes need, over one store. */
import type { SnapshotIdentity } from '@retnet/core'
import type { StateStore } from '../stores/contract.js'
import type { Clock } from '../stores/common/clock.js'
import { type Quota, Quotas } from './quotas.js'
import { Sessions } from './sessions.js'
import { Signatures } from './signatures.js'
import { Snapshots } from './snapshots.js'

export interface SessionServiceOptions {
  readonly store: StateStore
  readonly model: SnapshotIdentity
  readonly quota: Quota
  readonly snapshotKeys?: readonly string[]
  readonly clock?: Clock
}

export class SessionService {
  readonly quotas: Quotas
  readonly sessions: Sessions
  readonly snapshots: Snapshots
  readonly signatures: Signatures
  /** Files that are being read. */
  exports = 0

  constructor({ store, model, quota, snapshotKeys, clock }: SessionServiceOptions) {
    this.quotas = new Quotas(store, quota, clock)
    const own = { store, model, quotas: this.quotas, ...(clock && { clock }) }
    this.sessions = new Sessions(own)
    this.snapshots = new Snapshots({ ...own, sessions: this.sessions })
    this.signatures = new Signatures(snapshotKeys)
  }

  /** With the snapshots that are not pinned. */
  async delete(tenant: string, id: string): Promise<void> {
    await this.sessions.delete(tenant, id)
    this.quotas.give(tenant, { sessions: 1 })
    await this.snapshots.deleteOf(tenant, id)
  }
}
