/** What all generators of `kubectl create` share: the name, the request, what is said. Follows kubectl/pkg/cmd/create/create.go. */
import * as E from 'fp-ts/lib/Either.js'
import type { JsonObject } from '@statefold/core'
import { dryRunOf } from './changing.js'
import { ask, atOnce, dryRunFlag, fieldManagerFlag, outputFlags, validateFlag, type Call, type Command } from './command.js'
import { asUnstored } from './create.js'
import { fail, failUsage } from './errors.js'
import { switchFlag, type FlagSpecification } from './flags.js'
import { jsonOf, withField } from './json-object.js'
import { withLastApplied } from './last-applied.js'
import { changePrinterOf } from './printers/object-printer.js'

/** Follows NameFromCommandArgs in kubectl/pkg/cmd/util/helpers.go. */
export const nameFrom = (call: Call): string => {
  const before = call.dashAt === undefined ? call.words : call.words.slice(0, call.dashAt)
  const [name] = before
  return name !== undefined && before.length === 1 ? name : failUsage(call.path, `exactly one NAME is required, got ${before.length}`)
}

export const commandWords = (call: Call): readonly string[] => (call.dashAt === undefined ? [] : call.words.slice(call.dashAt))

export const requireFlags = (call: Call, names: readonly string[]): void => {
  const missing = names.filter((name) => !call.flags.given(name))
  if (missing.length > 0) fail(`required flag(s) ${missing.map((name) => JSON.stringify(name)).join(', ')} not set`)
}

/** Sends the object (or shows it) and says `created`. `noun` stands in the failure: `failed to create configmap: …`. */
export const createFrom = (call: Call, object: JsonObject, noun: string, isNamespaced = true): number => {
  const dryRun = dryRunOf(call)
  const print = changePrinterOf(call, 'created', dryRun)
  const placed =
    isNamespaced && (call.namespaceGiven || dryRun !== 'client') ? withField(object, ['metadata', 'namespace'], call.namespace) : object
  const final = call.flags.on('save-config') ? withLastApplied(placed) : placed
  if (dryRun === 'client') {
    print(final)
    return 0
  }
  const answer = ask(call, { kind: 'CreateObject', object: asUnstored(final), ...(dryRun === 'server' ? { dryRun: true } : {}) })
  if (E.isLeft(answer)) return fail(`failed to create ${noun} ${answer.left.message}`)
  print(jsonOf(answer.right))
  return 0
}

/** Base64 of the text's UTF-8 bytes, without help from the platform. */
export const base64Of = (input: string): string => {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
  const bytes = [...new TextEncoder().encode(input)]
  let out = ''
  for (let index = 0; index < bytes.length; index += 3) {
    const [a = 0, b, c] = bytes.slice(index, index + 3)
    const bits = (a << 16) | ((b ?? 0) << 8) | (c ?? 0)
    out +=
      alphabet.charAt(bits >> 18) +
      alphabet.charAt((bits >> 12) & 63) +
      (b === undefined ? '=' : alphabet.charAt((bits >> 6) & 63)) +
      (c === undefined ? '=' : alphabet.charAt(bits & 63))
  }
  return out
}

const common: readonly FlagSpecification[] = [...outputFlags, dryRunFlag, validateFlag, fieldManagerFlag, switchFlag('save-config')]

export const aliased = (names: readonly string[], flags: readonly FlagSpecification[], run: (call: Call) => number): readonly Command[] =>
  names.map((name, index) => ({
    name: `create ${name}`,
    flags: [...common, ...flags],
    run: atOnce(run),
    ...(index === 0 ? {} : { isAlias: true }),
  }))
