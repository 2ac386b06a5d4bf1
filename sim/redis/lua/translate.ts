/**
 * Lua as JavaScript, for the simple Lua that most scripts are: what V8 compiles with the rest of the world takes less than half of the time of
 * an interpreter in WebAssembly (8.5 µs for an acquire and a release instead of 20), and leaves the processor's caches alone. Whatever is not certain to be the same stays with real Lua: a script that
 * uses more of the language is not translated, and one that comes upon a value of an unusual kind hands over in the middle (see `kit.ts`).
 */
import luaparse, { type Expression, type Statement } from 'luaparse'
import { kit, type Value } from './kit.ts'

/** Runs a translated script. Throws `handover`, and what `call` throws. */
export type Translated = (keys: readonly string[], args: readonly string[], call: (words: string[]) => Value) => Value

/** Undefined where real Lua must run it. The text is Lua that compiles, a byte a character. */
export function translate(code: string): Translated | undefined {
  const source = sourceOf(code)
  return source === undefined ? undefined : new Function('kit', source)(kit)
}

function sourceOf(code: string): string | undefined {
  try {
    return new Translation(
      luaparse.parse(code, { luaVersion: '5.1', encodingMode: 'pseudo-latin1', comments: false }).body,
    ).source
  } catch (error) {
    // The parser is another one than Lua's own.
    if (error === untranslatable || error instanceof SyntaxError) return undefined
    throw error
  }
}

const untranslatable = Symbol('untranslatable')

const refuse = (): never => {
  throw untranslatable
}

/** JavaScript for an expression, and what is known of its value. */
interface Code {
  js: string
  kind: 'any' | 'boolean' | 'number' | 'string'
  /** Known to Lua's compiler, which computes with it. */
  constant?: number | undefined
}

const code = (kind: Code['kind'], js: string): Code => ({ js, kind })

/** Lua's compiler keeps 0 and -0 in one place: whichever a script comes to first is both. */
const constant = (value: number, js = String(value)): Code =>
  Number.isFinite(value) && !Object.is(value, -0) ? { js, kind: 'number', constant: value } : refuse()

type Name = { js: string; kind: Code['kind'] } | { builtin: string } | { call: string }

/** What may be called, by the name that it has in Lua. */
const builtins: Readonly<Record<string, (...args: Code[]) => Code>> = {
  'redis.call': (...args) => (args.length ? code('any', `call([${args.map(textual)}])`) : refuse()),
  tonumber: (value, ...more) =>
    !value || more.length ? refuse() : value.kind === 'number' ? value : code('any', `kit.toNumber(${value.js})`),
  'math.floor': (value, ...more) =>
    value && !more.length ? code('number', `Math.floor(${numeric(value)})`) : refuse(),
  'math.max': (...values) => folded('kit.larger', values),
  'math.min': (...values) => folded('kit.smaller', values),
}

const folded = (by: string, [first, ...rest]: Code[]): Code =>
  first
    ? code(
        'number',
        rest.reduce((js, next) => `${by}(${js}, ${numeric(next)})`, numeric(first)),
      )
    : refuse()

const numeric = ({ js, kind }: Code) => (kind === 'number' ? js : `kit.num(${js})`)
const textual = ({ js, kind }: Code) =>
  kind === 'string' || js.startsWith('...') ? js : /^\d{1,15}$/.test(js) ? `"${js}"` : `kit.text(${js})`
const truth = ({ js, kind }: Code) => (kind === 'boolean' ? js : kind === 'any' ? `kit.isTrue(${js})` : `(${js}, true)`)

class Translation {
  readonly source: string
  /** Innermost last. */
  readonly #scopes: Map<string, Name>[] = []
  /** Names that are assigned to somewhere: of the others the first value is the only one. */
  readonly #assigned = new Set<string>()
  #names = 0
  /** Of each function that is being translated, innermost last. */
  readonly #temporaries: string[][] = []

  constructor(body: readonly Statement[]) {
    visit(body, node => {
      if (node.type !== 'AssignmentStatement') return
      for (const target of node.variables) if (target.type === 'Identifier') this.#assigned.add(target.name)
    })
    this.source = `'use strict'\nreturn ${this.#function(['KEYS', 'ARGV', 'call'], [], body)}`
  }

  /** `names`: what the parameters are called in JavaScript. */
  #function(names: readonly string[], parameters: readonly string[], body: readonly Statement[]): string {
    this.#temporaries.push([])
    const js = this.#block(body, scope => {
      for (const [n, name] of parameters.entries()) scope.set(name, { js: names[n]!, kind: 'any' })
    })
    const temporaries = this.#temporaries.pop()!
    return `(${names}) => {${temporaries.length ? `let ${temporaries};\n` : ''}${js}}`
  }

  #block(body: readonly Statement[], prepare: (scope: Map<string, Name>) => void = () => {}): string {
    const scope = new Map<string, Name>()
    this.#scopes.push(scope)
    prepare(scope)
    const lines = body.map(statement => this.#statement(statement))
    this.#scopes.pop()
    return lines.join('\n')
  }

  #statement(node: Statement): string {
    switch (node.type) {
      case 'LocalStatement':
        return this.#local(node.variables.map(nameOf), node.init)
      case 'AssignmentStatement':
        return this.#assignment(node.variables, node.init)
      case 'CallStatement':
        return `${this.#call(node.expression).js};`
      case 'FunctionDeclaration':
        return this.#localFunction(node)
      case 'ReturnStatement': {
        const [value, ...more] = node.arguments
        return more.length ? refuse() : `return ${value ? this.#expression(value).js : 'undefined'};`
      }
      case 'IfStatement':
        return node.clauses
          .map(clause =>
            clause.type === 'ElseClause'
              ? `else {${this.#block(clause.body)}}`
              : `${clause.type === 'IfClause' ? '' : 'else '}if (${truth(this.#expression(clause.condition))}) {${this.#block(clause.body)}}`,
          )
          .join('\n')
      case 'WhileStatement':
        return `while (${truth(this.#expression(node.condition))}) {${this.#block(node.body)}}`
      case 'DoStatement':
        return `{${this.#block(node.body)}}`
      case 'BreakStatement':
        return 'break;'
      case 'ForNumericStatement': {
        const step = node.step ? literalOf(node.step) : 1
        const [from, to] = [numeric(this.#expression(node.start)), numeric(this.#expression(node.end))]
        const [counter, last] = [this.#fresh('n'), this.#fresh('last')]
        const name = this.#unassigned(node.variable.name)
        const body = this.#block(node.body, scope => scope.set(name, { js: counter, kind: 'number' }))
        return `for (let ${counter} = ${from}, ${last} = ${to}; ${counter} ${step > 0 ? '<=' : '>='} ${last}; ${counter} += ${step}) {${body}}`
      }
      case 'ForGenericStatement':
        return this.#forEach(node.variables.map(nameOf), node.iterators, node.body)
      default:
        return refuse()
    }
  }

  #local(names: readonly string[], given: readonly Expression[]): string {
    if (given.length > names.length) return refuse()
    // In Lua a name is known from the next statement on.
    const values = given.map(value => this.#builtin(value) ?? this.#expression(value))
    const scope = this.#scopes.at(-1)!
    return names
      .map((name, n) => {
        const value = values[n]
        if (typeof value === 'string') {
          scope.set(this.#unassigned(name), { builtin: value })
          return ''
        }
        const js = this.#fresh(name)
        scope.set(name, { js, kind: !value || this.#assigned.has(name) ? 'any' : value.kind })
        return `let ${js} = ${value?.js};`
      })
      .join(' ')
  }

  #assignment(targets: readonly Expression[], given: readonly Expression[]): string {
    if (given.length !== targets.length) return refuse()
    const values = given.map(value => this.#expression(value).js)
    const [first] = targets
    if (targets.length === 1 && first) return this.#set(first, values[0]!)
    // Where an index changes in the same statement, Lua has its own order.
    if (targets.some(({ type }) => type !== 'Identifier')) return refuse()
    const held = values.map(() => this.#temporary())
    const taken = values.map((value, n) => `${held[n]} = ${value};`)
    const set = targets.map((target, n) => this.#set(target, held[n]!))
    return [...taken, ...set.toReversed()].join(' ')
  }

  #set(target: Expression, value: string): string {
    if (target.type === 'Identifier') {
      const name = this.#lookUp(target.name)
      return name && 'js' in name ? `${name.js} = ${value};` : refuse()
    }
    if (target.type !== 'IndexExpression') return refuse()
    return `kit.put(${this.#expression(target.base).js}, ${this.#expression(target.index).js}, ${value});`
  }

  #localFunction(node: Extract<Statement, { type: 'FunctionDeclaration' }>): string {
    if (!node.isLocal || node.identifier?.type !== 'Identifier') return refuse()
    const name = this.#unassigned(node.identifier.name)
    const js = this.#fresh(name)
    const parameters = node.parameters.map(one => (one.type === 'Identifier' ? one.name : refuse()))
    // One value each, always: where a call is the last of a list all that it gives counts.
    visit(node.body, inner => {
      if (inner.type === 'ReturnStatement' && inner.arguments.length !== 1) refuse()
    })
    if (node.body.at(-1)?.type !== 'ReturnStatement') refuse()
    const names = parameters.map(one => this.#fresh(one))
    const body = this.#function(names, parameters, node.body)
    // Not before: how deep a function may call itself is Lua's to say.
    this.#scopes.at(-1)!.set(name, { call: js })
    return `const ${js} = ${body};`
  }

  #forEach(names: readonly string[], iterators: readonly Expression[], body: readonly Statement[]): string {
    const [iterator] = iterators
    if (iterators.length !== 1 || iterator?.type !== 'CallExpression' || pathOf(iterator.base) !== 'ipairs')
      return refuse()
    const [list, ...more] = iterator.arguments
    if (!list || more.length || names.length > 2 || this.#lookUp('ipairs')) return refuse()
    const [items, n] = [this.#fresh('items'), this.#fresh('n')]
    const [first, second] = names.map(name => this.#unassigned(name))
    const item = this.#fresh('item')
    const js = this.#block(body, scope => {
      scope.set(first!, { js: `(${n} + 1)`, kind: 'number' })
      if (second) scope.set(second, { js: item, kind: 'any' })
    })
    // A list that grows meanwhile is gone through to its new end.
    return `for (let ${items} = kit.items(${this.#list(list).js}), ${n} = 0; ${n} < ${items}.length; ${n}++) {const ${item} = ${items}[${n}];\n${js}}`
  }

  #expression(node: Expression): Code {
    switch (node.type) {
      case 'NilLiteral':
        return code('any', 'undefined')
      case 'BooleanLiteral':
        return code('boolean', String(node.value))
      case 'NumericLiteral':
        return constant(node.value)
      case 'StringLiteral':
        return code('string', JSON.stringify(node.value))
      case 'Identifier':
        return this.#identifier(node.name)
      case 'IndexExpression':
        return code('any', `kit.at(${this.#list(node.base).js}, ${this.#expression(node.index).js})`)
      case 'UnaryExpression':
        return this.#unary(
          node.operator,
          node.operator === '#' ? this.#list(node.argument) : this.#expression(node.argument),
        )
      case 'BinaryExpression':
        return this.#binary(node.operator, this.#expression(node.left), this.#expression(node.right))
      case 'LogicalExpression':
        return this.#logical(node.operator, this.#expression(node.left), this.#expression(node.right))
      case 'CallExpression':
        return this.#call(node)
      case 'TableConstructorExpression':
        return code(
          'any',
          `[${node.fields.map(field => (field.type === 'TableValue' ? this.#item(field.value) : refuse()))}]`,
        )
      default:
        return refuse()
    }
  }

  /** Where it is only looked into, and so stays as it is for real Lua: what the script was called with. */
  #list(node: Expression): Code {
    const isGlobal =
      node.type === 'Identifier' && !this.#lookUp(node.name) && (node.name === 'KEYS' || node.name === 'ARGV')
    return isGlobal ? code('any', node.name) : this.#expression(node)
  }

  #item(node: Expression): string {
    const { js, kind } = this.#expression(node)
    return kind === 'any' ? `kit.item(${js})` : js
  }

  #identifier(name: string): Code {
    const known = this.#lookUp(name)
    return known && 'js' in known ? code(known.kind, known.js) : refuse()
  }

  #unary(operator: string, operand: Code): Code {
    if (operator === 'not') return code('boolean', `!${truth(operand)}`)
    if (operator === '#') return code('number', `kit.size(${operand.js})`)
    const js = `-${bracketed(numeric(operand))}`
    return operand.constant === undefined ? code('number', js) : constant(-operand.constant, js)
  }

  #arithmetic(operator: keyof typeof arithmetic, left: Code, right: Code): Code {
    const js = `(${numeric(left)} ${operator} ${bracketed(numeric(right))})`
    return left.constant === undefined || right.constant === undefined
      ? code('number', js)
      : constant(arithmetic[operator](left.constant, right.constant), js)
  }

  #binary(operator: string, left: Code, right: Code): Code {
    const numbers = left.kind === 'number' && right.kind === 'number'
    switch (operator) {
      case '+':
      case '-':
      case '*':
      case '/':
        return this.#arithmetic(operator, left, right)
      case '..':
        return code('string', `kit.concat(${left.js}, ${right.js})`)
      case '==':
        return code('boolean', `(${left.js} === ${right.js})`)
      case '~=':
        return code('boolean', `(${left.js} !== ${right.js})`)
      case '<':
      case '<=':
        return code(
          'boolean',
          numbers
            ? `(${left.js} ${operator} ${right.js})`
            : `kit.${operator === '<' ? 'isLess' : 'isAtMost'}(${left.js}, ${right.js})`,
        )
      case '>':
      case '>=': {
        if (numbers) return code('boolean', `(${left.js} ${operator} ${right.js})`)
        // Its operands change places, and are still taken from left to right.
        const held = this.#temporary()
        return code(
          'boolean',
          `(${held} = ${left.js}, kit.${operator === '>' ? 'isLess' : 'isAtMost'}(${right.js}, ${held}))`,
        )
      }
      default:
        return refuse()
    }
  }

  #logical(operator: string, left: Code, right: Code): Code {
    const kind = left.kind === right.kind ? left.kind : 'any'
    if (left.kind === 'boolean' && right.kind === 'boolean')
      return code('boolean', `(${left.js} ${operator === 'and' ? '&&' : '||'} ${right.js})`)
    if (left.kind === 'boolean')
      return code(
        'any',
        operator === 'and' ? `(${left.js} ? ${right.js} : false)` : `(${left.js} ? true : ${right.js})`,
      )
    const held = this.#temporary()
    const test = `kit.isTrue(${held} = ${left.js})`
    return code(kind, operator === 'and' ? `(${test} ? ${right.js} : ${held})` : `(${test} ? ${held} : ${right.js})`)
  }

  /** Every call that is translated gives one value. */
  #call(node: Expression): Code {
    if (node.type !== 'CallExpression') return refuse()
    const local = node.base.type === 'Identifier' ? this.#lookUp(node.base.name) : undefined
    if (local && 'call' in local)
      return code('any', `${local.call}(${node.arguments.map(one => this.#expression(one).js)})`)
    const builtin = this.#builtin(node.base)
    if (builtin === undefined) return refuse()
    if (builtin === 'string.match') return this.#match(node.arguments)
    const args = node.arguments.map((one, n) =>
      n === node.arguments.length - 1 ? this.#spread(one) : this.#expression(one),
    )
    return builtins[builtin]!(...args)
  }

  /** The last argument: a list may be spread there. */
  #spread(node: Expression): Code {
    if (node.type !== 'CallExpression' || pathOf(node.base) !== 'unpack' || this.#lookUp('unpack'))
      return this.#expression(node)
    const [list, ...more] = node.arguments
    return list && !more.length ? code('any', `...kit.texts(${this.#list(list).js})`) : refuse()
  }

  #match([text, pattern, ...more]: readonly Expression[]): Code {
    if (!text || pattern?.type !== 'StringLiteral' || more.length) return refuse()
    return code('any', `kit.match(${expressionOf(pattern.value)}, ${this.#expression(text).js})`)
  }

  /** What a name of Lua's own stands for, by its full name; undefined for anything else. */
  #builtin(node: Expression): string | undefined {
    const path = pathOf(node)
    if (path === undefined) return undefined
    const [first] = path.split('.')
    const local = this.#lookUp(first!)
    if (local) return 'builtin' in local && first === path ? local.builtin : undefined
    return Object.hasOwn(builtins, path) || path === 'string.match' ? path : undefined
  }

  #lookUp(name: string): Name | undefined {
    for (const scope of this.#scopes.toReversed()) {
      const known = scope.get(name)
      if (known) return known
    }
    return undefined
  }

  #unassigned(name: string): string {
    return this.#assigned.has(name) ? refuse() : name
  }

  #fresh(name: string): string {
    return `${name}_${++this.#names}`
  }

  #temporary(): string {
    const name = this.#fresh('t')
    this.#temporaries.at(-1)!.push(name)
    return name
  }
}

const arithmetic = {
  '+': (a: number, b: number) => a + b,
  '-': (a: number, b: number) => a - b,
  '*': (a: number, b: number) => a * b,
  '/': (a: number, b: number) => a / b,
}

const bracketed = (js: string) => (js.startsWith('-') ? `(${js})` : js)

const nameOf = (node: { name: string }) => node.name

/** `a` or `a.b`; undefined for anything else. */
const pathOf = (node: Expression): string | undefined =>
  node.type === 'Identifier'
    ? node.name
    : node.type === 'MemberExpression' && node.indexer === '.' && node.base.type === 'Identifier'
      ? `${node.base.name}.${node.identifier.name}`
      : undefined

function literalOf(node: Expression): number {
  if (node.type === 'UnaryExpression' && node.operator === '-') return -literalOf(node.argument)
  return node.type === 'NumericLiteral' && node.value !== 0 ? node.value : refuse()
}

/** Every statement within, those of functions as well. */
function visit(body: readonly Statement[], see: (node: Statement) => void) {
  for (const node of body) {
    see(node)
    if ('body' in node) visit(node.body, see)
    if (node.type === 'IfStatement') for (const clause of node.clauses) visit(clause.body, see)
  }
}

/** Classes of the C locale. */
const classes: Readonly<Record<string, string>> = {
  '%s': '[ \\t-\\r]',
  '%S': '[^ \\t-\\r]',
  '%d': '[0-9]',
  '%D': '[^0-9]',
}

/** A pattern of Lua's as a regular expression: single characters, their repetition, anchors, and at most one capture. */
function expressionOf(pattern: string): string {
  let capture: 'none' | 'open' | 'closed' = 'none'
  let out = ''
  /** The last is a single character, and not repeated yet. */
  let isSingle = false
  for (let n = 0; n < pattern.length; n++) {
    const char = pattern[n]!
    const wasSingle = isSingle
    isSingle = false
    if ((char === '^' && n === 0) || (char === '$' && n === pattern.length - 1)) out += char
    else if (char === '(' && capture === 'none' && pattern[n + 1] !== ')') {
      capture = 'open'
      out += char
    } else if (char === ')' && capture === 'open') {
      capture = 'closed'
      out += char
    } else if ('*+?'.includes(char) && wasSingle) out += char
    else {
      out += singleOf(char === '%' ? pattern.slice(n, ++n + 1) : char)
      isSingle = true
    }
  }
  return capture === 'open' ? refuse() : `/${out}/`
}

const singleOf = (item: string): string =>
  item === '.' ? '[^]' : (classes[item] ?? (/^[\w :!]$/.test(item) ? item : refuse()))
