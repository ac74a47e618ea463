/** Services that are other names, as CoreDNS answered for them on a real cluster, and as resolvers show it. */
import * as E from 'fp-ts/lib/Either.js'
import { answerDns } from '@statefold/core'
import { describe, expect, it } from 'vitest'
import { makeConsole } from '../../make-console.js'
import { runScenario } from '../../run-scenario.js'
import { scenario } from '../../scenario.js'
import { filesOf } from '../../testing/files-of.js'
import { after } from '../../write-script.js'

const inside = (name: string): string => `${name}.default.svc.cluster.local`
const external = (name: string, target: string): string =>
  `---\napiVersion: v1\nkind: Service\nmetadata: {name: ${name}}\nspec: {type: ExternalName, externalName: ${target}}\n`
const manifest = [
  'apiVersion: v1\nkind: Service\nmetadata: {name: real}\nspec: {clusterIP: 10.96.0.77, selector: {app: x}, ports: [{port: 80}]}\n',
  external('alias', inside('real')),
  external('twice', inside('alias')),
  external('missing', inside('nope')),
  external('outside', 'db.example.com'),
  external('number', '1.2.3.4'),
  external('loop', inside('loop')),
  external('ping', inside('pong')),
  external('pong', inside('ping')),
].join('')

const result = runScenario(
  scenario({ manifests: ['services.yaml'], steps: [after('5s').settle('1ms')] }, { files: filesOf({ 'services.yaml': manifest }) }),
)
if (E.isLeft(result)) throw new Error(JSON.stringify(result.left))
const { simulation } = result.right
const asked = (name: string, type: string) => {
  const { rcode, aliases, answers } = answerDns(simulation.reader(), { name: inside(name), type })
  return { rcode, records: [...aliases, ...answers] }
}

describe('a Service that is another name', () => {
  it.each<[name: string, type: string, rcode: string, records: readonly string[]]>([
    ['alias', 'A', 'NOERROR', [`${inside('real')}.`, '10.96.0.77']],
    ['twice', 'A', 'NOERROR', [`${inside('alias')}.`, `${inside('real')}.`, '10.96.0.77']],
    ['twice', 'CNAME', 'NOERROR', [`${inside('alias')}.`]],
    ['twice', 'SRV', 'NODATA', []],
    ['alias', 'AAAA', 'NODATA', []],
    ['missing', 'A', 'NODATA', []],
    ['missing', 'CNAME', 'NOERROR', [`${inside('nope')}.`]],
    ['outside', 'A', 'NOERROR', ['db.example.com.']],
    ['number', 'A', 'NXDOMAIN', []],
    ['number', 'CNAME', 'NXDOMAIN', []],
    ['number', 'SRV', 'NXDOMAIN', []],
    ['loop', 'A', 'NODATA', []],
    ['loop', 'CNAME', 'NOERROR', [`${inside('loop')}.`]],
    ['ping', 'A', 'NODATA', []],
    ['x.alias', 'A', 'NXDOMAIN', []],
  ])('%s %s', (name, type, rcode, records) => expect(asked(name, type)).toEqual({ rcode, records }))

  const shown = (line: string): string => makeConsole(simulation).run(line).shown
  it('is shown by dig with the name that each record belongs to', () => {
    expect(shown(`dig @10.96.0.10 +noall +answer ${inside('twice')}`)).toBe(
      `${inside('twice')}. 30\tIN\tCNAME\t${inside('alias')}.\n${inside('alias')}. 30\tIN\tCNAME\t${inside('real')}.\n` +
        `${inside('real')}. 30\tIN\tA\t10.96.0.77\n`,
    )
    expect(shown(`dig @10.96.0.10 +short ${inside('outside')}`)).toBe('db.example.com.\n')
  })
  it('is shown by nslookup and host', () => {
    expect(shown(`nslookup ${inside('alias')} 10.96.0.10`)).toContain(
      `${inside('alias')}\tcanonical name = ${inside('real')}.\nName:\t${inside('real')}\nAddress: 10.96.0.77\n`,
    )
    expect(shown(`host ${inside('alias')} 10.96.0.10`)).toBe(
      `${inside('alias')} is an alias for ${inside('real')}.\n${inside('real')} has address 10.96.0.77\n`,
    )
  })
})
