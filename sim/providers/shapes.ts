/** The wire format of each shape. */
import type { Shape } from '../../proxy/provider.ts'
import { anthropic } from './anthropic.ts'
import { openai } from './openai.ts'
import type { WireFormat } from './wire.ts'

export const shapes: Readonly<Record<Shape, WireFormat>> = { anthropic, openai }
