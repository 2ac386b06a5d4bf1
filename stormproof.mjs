#!/usr/bin/env node
// The door: plain JavaScript, so that an old Node is replaced or explained instead of stumbling over TypeScript.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const wanted = 24
// Types are stripped once, not by each of a storm's ten processes: Node keeps what it has compiled, and looks whether it is still true.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL('node_modules/.cache/compiled', import.meta.url))
if (Number(process.versions.node.split('.')[0]) >= wanted) {
  const { enableCompileCache } = await import('node:module')
  enableCompileCache(process.env.NODE_COMPILE_CACHE)
  await import('./cli.ts')
} else {
  const pinned = fileURLToPath(new URL('node_modules/.bin/node', import.meta.url))
  if (!existsSync(pinned)) {
    console.error(
      `stormproof: Node ${process.versions.node} is too old: run \`npm ci\` here, which brings its own Node, or use Node ${wanted} or newer`,
    )
    process.exit(3)
  }
  const child = spawn(pinned, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (status, signal) => process.exit(status ?? (signal === 'SIGINT' ? 130 : 1)))
}
