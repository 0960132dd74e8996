/** Runs before every unit test file: `npm run check:deep` gives each property many more examples. */
if (process.env.TIDEGATE_DEEP === '1') {
  const { configureGlobal } = await import('fast-check')
  configureGlobal({ numRuns: 5_000 })
}
