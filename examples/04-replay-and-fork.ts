/** A log is replayed to the state it tells of, run again to the same events, and forked into another story. */
import { defaultClusterSettings, portableSha256 } from '@statefold/core'
import { forkAt, linesOf, makeHeader, makeLogWriter, replayLog, verifyLog } from '@statefold/replay'
import { at, eventually, object, runScenario, scenario } from '@statefold/scenarios'

// Build: a Pod that runs, and is deleted after a minute; every turn becomes lines of a log.
const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec: { containers: [{ name: 'nginx', image: 'nginx:1.27' }] } }
const story = scenario({
  manifests: [pod],
  steps: [at('1m').delete('pod/web')],
  expect: [eventually(object('pod/web', { exists: false }))],
})
const header = makeHeader({ kubernetes: 'v1.36.3', seed: 7, settings: defaultClusterSettings })
const writer = makeLogWriter(header, portableSha256)
let text = writer.header

// Run.
const run = runScenario(story, {
  seed: 7,
  observe: ({ turns$ }) => {
    turns$.subscribe((turn) => {
      text += writer.turn(turn)
    })
  },
})
if (run._tag === 'Left') throw new Error(JSON.stringify(run.left))
const { simulation } = run.right
text += writer.footer('passed')
const replayed = replayLog(linesOf(text), { sha256: portableSha256 })
if (replayed._tag === 'Left') throw new Error(replayed.left.message)
const again = verifyLog(header, simulation.log())
const lastTurnBefore = simulation.log().findLast((recorded) => recorded.at < 60_000)?.turn ?? 0
const fork = forkAt(header, simulation.log(), lastTurnBefore)
fork.runUntil(300_000)

// Print.
console.log(`${simulation.log().length} events, digest ${writer.digest()}`)
console.log(`deleted in the log: ${simulation.reader().get('Pod', 'default', 'web') === undefined}`)
console.log(`phase in the fork, where nobody deleted it: ${fork.reader().get('Pod', 'default', 'web')?.status.phase}`)

// Assert.
if (replayed.right.state.revision !== simulation.state().cluster.revision) throw new Error('replay leads elsewhere')
if (again._tag === 'Left') throw new Error(`not deterministic at event ${again.left.seq}`)
if (fork.reader().get('Pod', 'default', 'web')?.status.phase !== 'Running') throw new Error('the fork was deleted too')
