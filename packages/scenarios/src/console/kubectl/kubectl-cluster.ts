/** What kubectl needs from outside: a cluster to ask, time that passes while it waits, and a place for its words. */
import type { ApiCommand, ApiResult, KubernetesObject, Reader, SimTime } from '@statefold/core'

/** One change as a watch tells it. */
export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly object: KubernetesObject
}

/** What kubectl asks of the cluster. Reads are immediate; writes go through `request`. */
export interface KubectlCluster {
  readonly now: () => SimTime
  readonly request: (command: ApiCommand) => ApiResult
  /** The API's store, fresh at each call. */
  readonly reader: () => Reader
  /** The warnings that came with the last request (the sentences alone, without `Warning: `). */
  readonly warnings?: () => readonly string[]
  /**
   * A watch of one kind that begins now: each call of the answer gives the changes since the call before, every single write in order.
   * Without it, kubectl compares what it read before and after a wait, and may see several writes as one.
   */
  readonly watch?: (kind: string, namespace: string | undefined) => () => readonly WatchEvent[]
  /** The lines a container wrote, or why they cannot be had (the server's sentence). */
  readonly logsOf: (
    namespace: string,
    pod: string,
    container: string,
    previous: boolean,
  ) => readonly { readonly at: SimTime; readonly text: string }[] | string
  /** Runs a command in a container: text in, text out; a generator because it may wait. */
  readonly exec: (request: ExecRequest) => Generator<ConsoleWait, ExecResult, void>
  /** A file named by -f, relative to the console's folder; undefined: there is none. */
  readonly readFile: (path: string) => string | undefined
  /** The names in a folder; undefined: there is no such folder. */
  readonly listFiles: (path: string) => readonly string[] | undefined
  /** The console's own files, where it has a shell that can write them. */
  readonly ownFiles?: CopiedFiles
  /** What KUBE_EDITOR or EDITOR names; undefined: nothing. */
  readonly editor?: FileEditor
  /** What the console remembers from line to line, as a real kubectl does in its file. */
  readonly context?: ConsoleContext
  /** Undefined: the container does not run. */
  readonly containerFiles?: (namespace: string, pod: string, container: string) => CopiedFiles | undefined
  /** The newest resourceVersion. */
  readonly revision?: () => string
  /** `v1.36.3` */
  readonly serverVersion: string
}

/** A command that changes the file it is given; the answer of `open` is its exit status. */
export interface FileEditor {
  readonly name: string
  readonly open: (path: string) => Generator<ConsoleWait, number, void>
  /** Takes the file away again. */
  readonly discard: (path: string) => void
}

/** The one context of a console; its namespace is what commands without -n speak of. */
export interface ConsoleContext {
  /** '' while none was chosen. */
  readonly namespace: () => string
  readonly setNamespace: (namespace: string) => void
}

/** What `kubectl cp` reads and writes; complaints are the file system's words. */
export interface CopiedFiles {
  readonly read: (path: string) => string | undefined
  readonly list: (path: string) => readonly string[] | undefined
  readonly write: (path: string, content: string) => string | undefined
  readonly makeFolder: (path: string) => string | undefined
}

export interface ExecRequest {
  readonly namespace: string
  readonly pod: string
  readonly container: string
  readonly command: readonly string[]
  readonly stdin: string
  readonly tty: boolean
  /** The words are those of the container's first process, and it ends with them (`kubectl run -it`, `attach`). */
  readonly attached?: boolean
}

export interface ExecResult {
  readonly exit: number
  readonly stdout: string
  readonly stderr: string
}

/** What a running command waits for: simulated time passes until something changes or the moment `atMost` comes (undefined: it never comes). */
export type ConsoleWait =
  | { readonly kind: 'wait-for-change'; readonly atMost: SimTime | undefined }
  | { readonly kind: 'sleep'; readonly ms: number }
  /** For the next line that a person types: a shell in a terminal yields this; kubectl itself never does. */
  | { readonly kind: 'read-line' }

export interface ConsoleOutput {
  readonly stdout: (text: string) => void
  readonly stderr: (text: string) => void
}
