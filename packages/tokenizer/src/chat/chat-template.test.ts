import { describe, expect, test } from 'vitest'
import { applyChatTemplate, ChatTemplate, MissingJinjaError } from '../chat.js'

const chatml = `{{ bos_token }}{% for message in messages %}{{ '<|' + message['role'] + '|>' + message['content'] + eos_token }}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}`
const tools = `{% if tools %}[{{ tools | length }} tools]{% endif %}{{ messages[0].content }}`
const strict = `{% if messages[0]['role'] != 'user' %}{{ raise_exception('roles must alternate') }}{% endif %}ok {{ mood }}`
const tokenizerConfig = {
  bos_token: '<s>',
  eos_token: { content: '</s>', lstrip: false },
  pad_token: null,
  chat_template: [
    { name: 'default', template: chatml },
    { name: 'tool_use', template: tools },
    { name: 'strict', template: strict },
  ],
}
const hi = [{ role: 'user', content: 'Hi' }]

describe('ChatTemplate', () => {
  test('writes a conversation with the special tokens of the model', async () => {
    const template = await ChatTemplate.load({ tokenizerConfig: JSON.stringify(tokenizerConfig) })
    expect(template.names).toEqual(['default', 'tool_use', 'strict'])
    expect(template.apply(hi)).toBe('<s><|user|>Hi</s>')
    const more = [{ role: 'system', content: 'Be kind.' }, ...hi]
    expect(template.apply(more, { addGenerationPrompt: true })).toBe(
      '<s><|system|>Be kind.</s><|user|>Hi</s><|assistant|>',
    )
  })

  test('takes the template for tools, a named one, one given as text, or the file chat_template.jinja', async () => {
    const template = await ChatTemplate.load({ tokenizerConfig })
    expect(template.apply(hi, { tools: [{ name: 'f' }] })).toBe('[1 tools]Hi')
    expect(template.apply(hi, { chatTemplate: 'strict', templateValues: { mood: 'fine' } })).toBe('ok fine')
    expect(template.apply(hi, { chatTemplate: '{{ messages | length }}' })).toBe('1')
    const chatTemplate = 'file: {{ bos_token }}'
    expect(await applyChatTemplate({ tokenizerConfig, chatTemplate }, hi)).toBe('file: <s>')
    expect(
      await applyChatTemplate({ additionalTemplates: { rag: '{{ documents | length }}' } }, hi, {
        chatTemplate: 'rag',
        documents: [{}],
      }),
    ).toBe('1')
  })

  test.each([
    [{}, hi, {}, 'this model has none'],
    [
      { tokenizerConfig },
      hi,
      { chatTemplate: 'rag' },
      'there is none with the name "rag". Set chatTemplate to one of default',
    ],
    [{ additionalTemplates: { a: 'x' } }, hi, {}, 'there is none with the name "default"'],
    [{ chatTemplate: '{% if %}' }, hi, {}, 'it cannot be read as Jinja'],
    [{ tokenizerConfig }, [{ role: 'system' }], { chatTemplate: 'strict' }, 'roles must alternate. Check the roles'],
    [{ tokenizerConfig }, [{ content: 'Hi' }], {}, 'expected a list of objects with a role'],
    [{ tokenizerConfig }, hi, { add_generation_prompt: true }, 'expected one of chatTemplate'],
    [{ tokenizerConfig: '{' }, hi, {}, 'tokenizer_config.json: the file: expected JSON'],
    [{ tokenizerConfig: { chat_template: [{ name: 'x' }] } }, hi, {}, 'chat_template[0].template: expected a string'],
  ])('says what is wrong: %#', async (files, messages, options, message) => {
    const jinja = await import('@huggingface/jinja')
    await expect(applyChatTemplate(files, messages as typeof hi, { ...options, jinja })).rejects.toThrow(message)
  })

  test('says what to install where the peer is missing', () => {
    expect(new MissingJinjaError().message).toContain('Run npm install @huggingface/jinja')
  })
})
