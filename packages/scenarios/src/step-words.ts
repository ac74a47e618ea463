/** A step in a few words, for reports. */
import type { ScenarioStep } from './format/scenario-codec.js'
import { asOne, conditionWords } from './evaluate-condition.js'
import { formatDuration } from './format/duration.js'

const entries = (map: { readonly [name: string]: unknown }): string =>
  Object.entries(map)
    .map(([name, value]) => `${name} to ${typeof value === 'string' || typeof value === 'number' ? value : JSON.stringify(value)}`)
    .join(', ')

const oneField = (fields: object): string =>
  Object.entries(fields)
    .map(
      ([name, value]) =>
        `${name} ${typeof value === 'object' && value !== null ? Object.values(value as object).join(' ') : String(value)}`,
    )
    .join(' ')

const manifestWords = (manifest: unknown): string => {
  if (typeof manifest === 'string') return manifest
  if (Array.isArray(manifest)) return manifest.map(manifestWords).join(', ')
  const { kind, metadata } = manifest as { readonly kind?: unknown; readonly metadata?: { readonly name?: unknown } }
  return `${typeof kind === 'string' ? kind : 'object'} ${typeof metadata?.name === 'string' ? metadata.name : ''}`.trimEnd()
}

export const stepWords = (step: ScenarioStep): string => {
  if (step.apply !== undefined) return `apply ${manifestWords(step.apply)}`
  if (step.delete !== undefined) return `delete ${typeof step.delete === 'string' ? step.delete : step.delete.object}`
  if (step.scale !== undefined) return `scale ${entries(step.scale)}`
  if (step.setImage !== undefined) return `set image of ${entries(step.setImage)}`
  if (step.patch !== undefined) return `patch ${step.patch.object} ${JSON.stringify(step.patch.patch)}`
  if (step.cordon !== undefined) return `cordon ${step.cordon}`
  if (step.uncordon !== undefined) return `uncordon ${step.uncordon}`
  if (step.drain !== undefined) return `drain ${typeof step.drain === 'string' ? step.drain : step.drain.node}`
  if (step.fault !== undefined) return `fault: ${oneField(step.fault)}`
  if (step.heal !== undefined) return `heal: ${oneField(step.heal)}`
  if (step.kubectl !== undefined) return `kubectl ${step.kubectl.replace(/^kubectl\s+/, '')}`
  if (step.console !== undefined) return `console: ${step.console.trim().split('\n')[0] ?? ''}`
  if (step.settle !== undefined) return 'settle'
  if (step.sleep !== undefined) return `sleep ${formatDuration(step.sleep)}`
  if (step.world !== undefined) return `world: ${oneField(step.world)}`
  if (step.dns !== undefined) return `dns ${step.dns.name} ${step.dns.type}`
  if (step.writeFile !== undefined) return `write ${step.writeFile.path} in ${step.writeFile.pod}`
  return step.check === undefined ? 'nothing' : `check ${conditionWords(asOne(step.check))}`
}
