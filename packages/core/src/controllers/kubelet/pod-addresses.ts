/** Which address the next sandbox gets. */
import { getAt, hasAt } from '../../kernel/persistent-map.js'
import { rememberedText } from '../../kernel/remembered-text.js'
import type { Machine, World } from '../../cluster/world.js'

const octets = rememberedText((address): readonly [number, number, number, number] => {
  const [a = 10, b = 244, c = 0, d = 3] = address.split('.').map(Number)
  return [a, b, c, d]
})

/** The shared row runs through 250 hosts of each /24, as the recordings' kubelet counts. */
const sharedAddress = (first: string, number: number): string => {
  const [a, b, c, d] = octets(first)
  const network = c + Math.floor(number / 250)
  return `${a}.${b + (network >> 8)}.${network & 255}.${(number % 250) + d - 1}`
}

const hostsPerNode = 253

/** Ascending in the node's own /24, round again past addresses in use when it is exhausted, as host-local IPAM does. */
const nodeAddress = (world: World, first: string, machine: Machine): string => {
  const [a, b, c, d] = octets(first)
  const network = c + machine.index
  const prefix = `${a}.${b + (network >> 8)}.${network & 255}.`
  for (let tries = 0; tries < hostsPerNode; tries += 1) {
    const address = `${prefix}${d + ((machine.lastAddress + tries) % (hostsPerNode + 2 - d))}`
    if (!hasAt(world.addresses, address)) return address
  }
  return `${prefix}254`
}

export const nextPodAddress = (world: World, node: string): string => {
  const { kind, first } = world.settings.podAddresses
  const machine = getAt(world.machines, node)
  return kind === 'shared' || machine === undefined ? sharedAddress(first, world.lastAddress + 1) : nodeAddress(world, first, machine)
}
