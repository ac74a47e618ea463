/** kubectl diff: what `apply` would change, as `diff -u -N` shows it. Follows kubectl/pkg/cmd/diff/diff.go. */
import * as E from 'fp-ts/lib/Either.js'
import { timestampOf, type Json, type JsonObject } from '@statefold/core'
import { patchToward } from './apply.js'
import { ask, fieldManagerFlag, fileFlags, selectorFlag, type Call, type Command, type Running } from './command.js'
import { asUnstored } from './create.js'
import { CommandFailure, fail, statusProblem, withSource, type Problem } from './errors.js'
import { numberFlag, switchFlag } from './flags.js'
import { jsonOf, objectAt, withField } from './json-object.js'
import { lastAppliedName } from './last-applied.js'
import { readManifests, type Manifest } from './manifests.js'
import { yamlText } from './printers/yaml-printer.js'
import { readObject } from './reading.js'
import { parseLabelSelector } from './selectors.js'
import { unifiedDifference } from './unified-difference.js'

/** `apps.v1.StatefulSet.default.web` */
const fileNameOf = ({ type, namespace, name }: Manifest): string =>
  `${type.group === '' ? '' : `${type.group}.`}${type.version}.${type.kind}.${type.namespaced ? namespace : ''}.${name}`

/** Follows Masker: what a Secret holds is never shown, only that it differs. */
const maskedSecrets = (live: JsonObject, merged: JsonObject): readonly [JsonObject, JsonObject] => {
  const [before, after] = [objectAt(live, 'data'), objectAt(merged, 'data')]
  const masked = (own: JsonObject, other: JsonObject, word: string): JsonObject =>
    Object.fromEntries(
      Object.entries(own).map(([key, value]) => [key, other[key] !== undefined && other[key] !== value ? `*** (${word})` : '***']),
    )
  const shown = (object: JsonObject, content: JsonObject): JsonObject =>
    Object.keys(content).length === 0 ? object : withField(object, ['data'], content)
  return [shown(live, masked(before, after, 'before')), shown(merged, masked(after, before, 'after'))]
}

const isEmpty = (object: JsonObject): boolean => Object.keys(object).length === 0
const textOf = (object: JsonObject): string => (isEmpty(object) ? '' : yamlText(object as Json))

/** What is there and what would be there. */
function* versionsOf(call: Call, manifest: Manifest): Generator<never, E.Either<Problem, readonly [JsonObject, JsonObject]>, void> {
  const live = readObject(call, manifest.type, manifest.namespace, manifest.name)
  const wanted = jsonOf(manifest.object)
  if (live === undefined) {
    const made = ask(call, { kind: 'CreateObject', object: asUnstored(wanted), dryRun: true })
    return E.isLeft(made) ? E.left(withSource('creating', manifest.source, statusProblem(made.left))) : E.right([{}, jsonOf(made.right)])
  }
  // Nothing is said of unknown fields, so the server's own way holds: it warns.
  const asking: Call = { ...call, flags: { ...call.flags, text: (name) => (name === 'validate' ? 'warn' : call.flags.text(name)) } }
  // Follows GetModifiedConfiguration: what was applied last says so too.
  const { [lastAppliedName]: _last, ...annotations } = objectAt(wanted, 'metadata', 'annotations')
  const modified = withField(wanted, ['metadata', 'annotations'], annotations)
  const patching = patchToward(asking, manifest, modified, live, 'server')
  for (let step = patching.next(); ; step = patching.next()) {
    // A dry run has no races to wait out.
    if (step.done !== true) continue
    return E.isLeft(step.value) ? step.value : E.right([jsonOf(live), jsonOf(step.value.right.object)])
  }
}

function* run(call: Call): Running {
  const { flags, output, cluster } = call
  if (flags.list('filename').length === 0 && !flags.given('kustomize')) return fail('must specify one of -f and -k')
  if (call.words.length > 0) return fail(`Unexpected args: [${call.words.join(' ')}]\nSee 'kubectl diff -h' for help and examples`)
  if (flags.on('server-side'))
    return fail('diff --server-side is not supported here: field ownership is not simulated; leave the flag out to merge on the client')
  const selector = parseLabelSelector(flags.text('selector'))
  if (E.isLeft(selector)) return fail(`the provided selector ${JSON.stringify(flags.text('selector'))} is not valid: ${selector.left}`)
  const read = readManifests(call)
  const problems: Problem[] = [...read.problems]
  const at = `${timestampOf(cluster.now()).replace('T', ' ').replace('Z', '')}.000000000 +0000`
  // The real one has random digits in the names of its folders.
  const digits = String(1_000_000_000 + (cluster.now() % 1_000_000_000))
  const shown: (readonly [string, string])[] = []
  for (const manifest of read.manifests) {
    if (!selector.right(manifest.object.metadata?.labels ?? {})) continue
    const versions = yield* versionsOf(call, manifest)
    if (E.isLeft(versions)) {
      problems.push(versions.left)
      continue
    }
    const [live, merged] = manifest.type.kind === 'Secret' ? maskedSecrets(...versions.right) : versions.right
    const hunks = unifiedDifference(textOf(live), textOf(merged))
    if (hunks === '') continue
    const [before, after] = [`/tmp/LIVE-${digits}/${fileNameOf(manifest)}`, `/tmp/MERGED-${digits}/${fileNameOf(manifest)}`]
    shown.push([fileNameOf(manifest), `diff -u -N ${before} ${after}\n--- ${before}\t${at}\n+++ ${after}\t${at}\n${hunks}`])
  }
  for (const [, text] of shown.sort(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0))) output.stdout(text)
  if (problems.length > 0) throw new CommandFailure(problems)
  return shown.length > 0 ? 1 : 0
}

export const diffCommand: Command = {
  name: 'diff',
  // Follows CheckDiffErr in kubectl/pkg/cmd/util/helpers.go: 1 means that there are differences.
  failureCode: 2,
  flags: [
    ...fileFlags,
    selectorFlag,
    fieldManagerFlag,
    switchFlag('server-side'),
    switchFlag('force-conflicts'),
    switchFlag('prune'),
    switchFlag('show-managed-fields'),
    numberFlag('concurrency', '1'),
  ],
  run,
}
