/** A cluster's state in a few lines: how many objects of each kind, and what they say of themselves. */
import { entriesOf, readerOf, sizeOf, type ClusterState } from '@statefold/core'

export interface KindSummary {
  readonly kind: string
  readonly count: number
  readonly words: string
}

export const stateSummary = (state: ClusterState): readonly KindSummary[] => {
  const reader = readerOf(state)
  const wordsOf = (kind: string): string => {
    if (kind === 'Pod') {
      const ready = reader
        .list('Pod')
        .filter(({ status }) => status.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') === true)
      return `${ready.length} ready`
    }
    if (kind === 'PersistentVolumeClaim')
      return `${reader.list('PersistentVolumeClaim').filter(({ status }) => status.phase === 'Bound').length} bound`
    if (kind === 'StatefulSet')
      return reader
        .list('StatefulSet')
        .map(({ metadata, spec, status }) => `${metadata.name} ${status.readyReplicas ?? 0}/${spec.replicas ?? 1}`)
        .slice(0, 5)
        .join(', ')
    return ''
  }
  return entriesOf(state.stores)
    .map(([kind, store]): KindSummary => ({ kind, count: sizeOf(store.objects), words: wordsOf(kind) }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => (a.kind < b.kind ? -1 : a.kind > b.kind ? 1 : 0))
}
