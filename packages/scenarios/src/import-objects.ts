/** Objects of a real cluster become the start of the run; what the API refuses is shown at its line. */
import { importObjects as importInto, type Simulation, type UnstoredObject } from '@statefold/core'
import type { Problem } from './format/problem.js'
import { problemsOfRefusal, type PlacedManifest } from './format/read-manifests.js'

export const importObjects = (simulation: Simulation, imported: readonly PlacedManifest[]): readonly Problem[] =>
  imported.length === 0
    ? []
    : // The reader has seen apiVersion and kind; the API judges the rest.
      importInto(
        simulation,
        imported.map(({ object }) => object as unknown as UnstoredObject),
      ).flatMap(({ index, status }) => {
        const manifest = imported[index]
        return manifest === undefined ? [] : problemsOfRefusal(manifest, status.message)
      })
