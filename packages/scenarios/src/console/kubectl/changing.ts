/** What the changing commands share: dry runs, patches, and words of the form `kind name key=value`. */
import type { ApiStatus, FieldValidation, Json, KubernetesObject, ObjectRef, Subresource } from '@statefold/core'
import type * as E from 'fp-ts/lib/Either.js'
import { ask, type Call } from './command.js'
import { fail } from './errors.js'
import type { Item } from './resource-arguments.js'

export type DryRun = 'none' | 'client' | 'server'

/** Follows GetDryRunStrategy in kubectl/pkg/cmd/util/helpers.go. */
export const dryRunOf = (call: Call): DryRun => {
  const value = call.flags.text('dry-run')
  if (value === 'unchanged' || value === 'true') {
    call.output.stderr('W0101 00:00:00.000000       1 helpers.go:719] --dry-run is deprecated and can be replaced with --dry-run=client.\n')
    return 'client'
  }
  if (value === 'client' || value === 'server' || value === 'none') return value
  if (value === '' || value === 'false') return 'none'
  return fail(`Invalid dry-run value (${value}). Must be "none", "server", or "client".`)
}

const refOfItem = (item: Item): ObjectRef => ({ kind: item.type.kind, namespace: item.namespace, name: item.name })

export interface PatchOptions {
  readonly patchType?: 'strategic' | 'merge' | 'json'
  readonly subresource?: Subresource
  readonly dryRun?: DryRun
  readonly fieldValidation?: FieldValidation
}

export const patchItem = (call: Call, item: Item, patch: Json, options: PatchOptions = {}): E.Either<ApiStatus, KubernetesObject> =>
  ask(call, {
    kind: 'PatchObject',
    target: refOfItem(item),
    patchType: options.patchType ?? 'strategic',
    patch,
    ...(options.subresource === undefined ? {} : { subresource: options.subresource }),
    ...(options.dryRun === 'server' ? { dryRun: true } : {}),
    ...(options.fieldValidation === undefined ? {} : { fieldValidation: options.fieldValidation }),
  })

/** Follows GetResourcesAndPairs in kubectl/pkg/cmd/util/helpers.go. */
export const splitPairs = (
  words: readonly string[],
  pairType: string,
): { readonly resources: readonly string[]; readonly pairs: readonly string[] } => {
  const isPair = (word: string): boolean => (word.includes('=') && !word.startsWith('=')) || (word.endsWith('-') && word !== '-')
  const first = words.findIndex(isPair)
  if (first < 0) return { resources: words, pairs: [] }
  const late = words.slice(first).find((word) => !isPair(word))
  if (late !== undefined) return fail(`all resources must be specified before ${pairType} changes: ${late}`)
  return { resources: words.slice(0, first), pairs: words.slice(first) }
}
