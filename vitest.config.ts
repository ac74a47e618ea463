import { defineConfig } from 'vitest/config'

// Sibling packages resolve to their sources, so tests need no build.
const conditions = ['@statefold/source', 'module', 'node', 'import', 'default']

const project = (name: string, include: string[], exclude: string[] = []) => ({
  extends: true as const,
  test: { name, include, exclude: ['**/node_modules/**', '**/dist/**', ...exclude] },
})

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    // The code under test is pure, so test files may share a worker: nine times faster than isolating them.
    isolate: false,
    pool: 'threads',
    passWithNoTests: true,
    projects: [
      project('unit', ['packages/*/src/**/*.test.ts']),
      project('property', ['packages/*/test/**/*.property.test.ts']),
      project('golden', ['packages/*/test/**/*.golden.test.ts']),
      project('conformance', ['packages/*/test/**/*.conformance.test.ts']),
      project('simulation', ['packages/*/test/**/*.test.ts'], ['**/*.property.test.ts', '**/*.golden.test.ts', '**/*.conformance.test.ts']),
      project('docs', ['docs/**/*.test.ts', 'tools/docs/**/*.test.ts']),
      project('tidy', ['tools/*.test.ts']),
    ],
  },
})
