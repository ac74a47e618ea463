/** `statefold replay` and `statefold verify`: is the log what was written, and does the engine say the same again? */
import * as E from 'fp-ts/lib/Either.js'
import { canonicalJson, saveRun, type Json } from '@statefold/core'
import { formatTime, verifyLog } from '@statefold/replay'
import { nodeSha256 } from '@statefold/replay/node'
import { listCatalog } from '@statefold/scenarios/node'
import { exitCodes, type ExitCode } from '../exit-codes.js'
import type { Output } from '../output.js'
import { readLogFile, turnAt, type Moment } from '../read-log-file.js'
import { isAboutSecret } from '../self-check/compare-logs.js'
import { exitCodeOfCheck, formatSelfCheck, selfCheck } from '../self-check/self-check.js'
import { stateSummary } from '../state-summary.js'

export interface ReplayFlags {
  readonly json?: boolean
  readonly at?: Moment
}

/** A line of a log, unless it tells what a Secret holds. */
const shownLine = (line: string | undefined): string | undefined =>
  line !== undefined && isAboutSecret(line) ? `${line.slice(0, line.indexOf('"event"'))}… (about a Secret)` : line

const many = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`

export const replay = (path: string, flags: ReplayFlags, output: Output): ExitCode => {
  // Without a moment only the end matters: the digests vouch for the lines.
  const whole = readLogFile(path, output, flags.at === undefined ? { keep: false, decode: false } : {})
  const { end } = whole
  const seq =
    flags.at === undefined
      ? undefined
      : whole.events.findLast(({ turn }) => turn <= turnAt(whole, flags.at ?? { kind: 'turn', turn: 0 }))?.seq
  const log = seq === undefined ? whole : readLogFile(path, output, { untilSeq: seq, decode: false })
  const summary = stateSummary(log.state)
  if (flags.json === true) {
    output.print(
      `${JSON.stringify({
        log: path,
        title: log.header.title,
        seed: log.header.seed,
        kubernetes: log.header.kubernetes,
        events: end.events,
        turns: end.turns,
        at: log.at,
        seq: seq ?? end.events - 1,
        digest: end.digest,
        outcome: end.footer?.outcome,
        torn: end.torn !== undefined,
        objects: summary,
      })}\n`,
    )
    return exitCodes.passed
  }
  const { paint } = output
  output.print(`${log.header.title ?? path}\n`)
  output.print(
    `  ${many(end.events, 'event')} in ${many(end.turns, 'turn')}, seed ${log.header.seed}, Kubernetes ${log.header.kubernetes}\n`,
  )
  output.print(`  digest ${end.digest}  ${paint.tone('good', 'every turn is as it was written')}\n`)
  output.print(
    end.footer === undefined
      ? `  ${paint.tone('waiting', 'no end is written: the run was cut off')}\n`
      : `  ended ${end.footer.outcome} at ${formatTime(end.footer.at)}\n`,
  )
  output.print(`\nstate ${seq === undefined ? 'at the end' : `after event ${seq}`} (${formatTime(log.at)})\n`)
  for (const { kind, count, words } of summary)
    output.print(`  ${kind.padEnd(24)} ${String(count).padStart(4)}${words === '' ? '' : `  ${words}`}\n`)
  return exitCodes.passed
}

export const verify = (path: string, flags: ReplayFlags, output: Output): ExitCode => {
  const log = readLogFile(path, output)
  const verified = verifyLog(log.header, log.events)
  if (E.isRight(verified)) {
    const again = verified.right.simulation.state()
    // Folding the log and running it again must also meet in the same state.
    const folded = canonicalJson(saveRun({ ...again, cluster: log.state }) as Json)
    const rerun = canonicalJson(saveRun(again) as Json)
    const same = nodeSha256(folded) === nodeSha256(rerun)
    if (flags.json === true)
      output.print(`${JSON.stringify({ log: path, deterministic: same, events: verified.right.events, digest: log.end.digest })}\n`)
    else
      output.print(
        same
          ? `${output.paint.tone('good', 'the same')}: ${many(verified.right.events, 'event')} replayed and run again, digest ${log.end.digest}\n`
          : `${output.paint.tone('bad', 'not the same')}: the events agree, but the state folded from the log is not that of the run\n`,
      )
    return same ? exitCodes.passed : exitCodes.notDeterministic
  }
  const { seq } = verified.left
  const [recorded, again, shared] = [verified.left.recorded, verified.left.again, verified.left.shared].map(shownLine)
  if (flags.json === true) {
    output.print(`${JSON.stringify({ log: path, deterministic: false, seq, recorded, again, shared })}\n`)
    return exitCodes.notDeterministic
  }
  output.print(`${output.paint.tone('bad', 'not the same')}: the first difference is event ${seq}\n`)
  if (shared !== undefined) output.print(`  both:      ${shared}\n`)
  output.print(`  recorded:  ${recorded ?? 'nothing: the log ends here'}\n`)
  output.print(`  run again: ${again ?? 'nothing: the run ends here'}\n`)
  if (log.header.engine !== '') output.print(output.paint.tone('faint', `  the log was written by engine ${log.header.engine}\n`))
  return exitCodes.notDeterministic
}

export interface VerifySelfFlags {
  readonly seed?: number
  readonly json?: boolean
}

/** Without names: the whole catalog. */
export const verifySelf = async (names: readonly string[], flags: VerifySelfFlags, output: Output, program: string): Promise<ExitCode> => {
  const scenarios = names.length > 0 ? names : listCatalog().map(({ name }) => name)
  let exit: ExitCode = exitCodes.passed
  for (const name of scenarios) {
    const check = await selfCheck(name, {
      program,
      ...(flags.seed === undefined ? undefined : { seed: flags.seed }),
      progress: output.progress,
    })
    output.progress('')
    output.print(
      flags.json === true
        ? `${JSON.stringify({ ...check, deterministic: exitCodeOfCheck(check) === exitCodes.passed })}\n`
        : formatSelfCheck(check, { good: (text) => output.paint.tone('good', text), bad: (text) => output.paint.tone('bad', text) }),
    )
    if (exitCodeOfCheck(check) !== exitCodes.passed) exit = exitCodeOfCheck(check)
  }
  return exit
}
