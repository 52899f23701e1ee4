import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: { conditions: ['@retnet/source'] },
  ssr: { resolve: { conditions: ['@retnet/source'], externalConditions: ['@retnet/source'] } },
  test: {
    include: ['{packages,apps,tools,examples}/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
})
