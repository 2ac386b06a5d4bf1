/** The part of the WebAssembly JavaScript API (www.w3.org/TR/wasm-js-api) that the engine uses: TypeScript has it only among a browser's types. */
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array)
    static imports(module: Module): { module: string; name: string; kind: string }[]
  }
  class Instance {
    constructor(module: Module, imports: Imports)
    readonly exports: Record<string, unknown>
  }
  type Imports = Record<string, Record<string, unknown>>
  interface Memory {
    readonly buffer: ArrayBuffer
    grow(pages: number): number
  }
  interface Table {
    get(slot: number): (...args: number[]) => number
    set(slot: number, value: unknown): void
    grow(by: number): number
  }
}
