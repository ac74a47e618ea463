/** How a Pod ranks when its node runs short. Follows ComputePodQOS in pkg/apis/core/v1/helper/qos/qos.go. */
import type { PodSpec, ResourceRequirements } from '../generated/types.js'
import type { Loose } from '../loose.js'
import { addQuantities, compareQuantities, quantityOf, zeroQuantity, type Quantity } from '../quantity.js'

export type QualityOfService = 'BestEffort' | 'Burstable' | 'Guaranteed'

type Amounts = { readonly [name: string]: string }

const counts = ['cpu', 'memory'] as const

const isPositive = (amount: string | undefined): amount is string =>
  amount !== undefined && compareQuantities(quantityOf(amount), zeroQuantity) > 0

const asksForNothing = ({ resources }: { readonly resources?: Loose<ResourceRequirements> }): boolean =>
  resources === undefined || (resources.limits === undefined && resources.requests === undefined)

export const qualityOfServiceOf = (spec: Loose<PodSpec>): QualityOfService => {
  if (asksForNothing(spec) && (spec.containers ?? []).every(asksForNothing) && (spec.initContainers ?? []).every(asksForNothing))
    return 'BestEffort'
  const whole = spec.resources
  const forPod =
    whole !== undefined && Object.keys({ ...(whole.limits as Amounts | undefined), ...(whole.requests as Amounts | undefined) }).length > 0
  const demands: readonly (Loose<ResourceRequirements> | undefined)[] = forPod
    ? [whole]
    : [...(spec.containers ?? []), ...(spec.initContainers ?? [])].map((container) => container.resources)
  const requests: { [name: string]: Quantity } = {}
  const limits: { [name: string]: Quantity } = {}
  let guaranteed = true
  for (const demand of demands) {
    const limited: string[] = []
    for (const name of counts) {
      const request = (demand?.requests as Amounts | undefined)?.[name]
      if (isPositive(request)) requests[name] = addQuantities(requests[name] ?? zeroQuantity, quantityOf(request))
      const limit = (demand?.limits as Amounts | undefined)?.[name]
      if (!isPositive(limit)) continue
      limited.push(name)
      limits[name] = addQuantities(limits[name] ?? zeroQuantity, quantityOf(limit))
    }
    if (limited.length < counts.length) guaranteed = false
  }
  const asked = Object.keys(requests)
  if (asked.length === 0 && Object.keys(limits).length === 0) return 'BestEffort'
  const met =
    asked.length === Object.keys(limits).length &&
    asked.every((name) => limits[name] !== undefined && compareQuantities(limits[name], requests[name] ?? zeroQuantity) === 0)
  return guaranteed && met ? 'Guaranteed' : 'Burstable'
}
