/** The union of everything that can be asked: of the API server, of the physical world, and of the machinery of the run. */
import type { ApiCommand } from './api-commands.js'
import type { ApiFault } from './engine-events.js'
import type { WorldCommand } from './world.js'

export type EngineCommand =
  /** The controller's process ends: it reacts to nothing until restarted, and forgets what it remembered. */
  | { readonly kind: 'CrashController'; readonly controller: string }
  | { readonly kind: 'RestartController'; readonly controller: string }
  /** The controller's informer for a kind shows the store as it was `lagMs` ago; 0 ends that. */
  | { readonly kind: 'SetInformerLag'; readonly controller: string; readonly objectKind: string; readonly lagMs: number }
  /** The next `times` matching API calls of controllers go wrong. */
  | {
      readonly kind: 'SetApiFault'
      readonly fault: ApiFault
      readonly times: number
      readonly controller?: string
      readonly command?: string
      readonly on?: string
    }

export type ClusterCommand = ApiCommand | WorldCommand | EngineCommand
