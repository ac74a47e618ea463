/** `statefold conform`: runs conformance scripts and writes their traces. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { decodeScript, runScript } from '@statefold/scenarios'
import { exitCodes, fileProblem, type ExitCode } from '../exit-codes.js'
import type { Output } from '../output.js'

export interface ConformOptions {
  readonly out: string
  readonly seed: number
}

export const conform = (scripts: readonly string[], options: ConformOptions, output: Output): ExitCode => {
  try {
    mkdirSync(options.out, { recursive: true })
  } catch (error) {
    throw fileProblem(options.out, error)
  }
  let bad = 0
  for (const [index, path] of scripts.entries()) {
    output.progress(`${index + 1}/${scripts.length} ${basename(path)}`)
    let source: string
    try {
      source = readFileSync(path, 'utf8')
    } catch (error) {
      output.note(`${fileProblem(path, error).message}\n`)
      bad += 1
      continue
    }
    const script = decodeScript(source)
    if (E.isLeft(script)) {
      output.note(`${path}:${script.left.line}: ${script.left.message}\n`)
      bad += 1
      continue
    }
    const name = basename(path).replace(/\.ya?ml$/, '')
    const { trace } = runScript(name, script.right, options.seed)
    const file = join(options.out, `${name}.json`)
    try {
      writeFileSync(file, `${JSON.stringify(trace)}\n`)
    } catch (error) {
      throw fileProblem(file, error)
    }
  }
  output.progress('')
  return bad === 0 ? exitCodes.passed : exitCodes.badInput
}
