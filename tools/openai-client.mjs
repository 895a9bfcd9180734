// Drives the OpenAI-compatible routes with the official client: BASE_URL, API_KEY and a model for each kind in the environment. Prints one JSON
// object with what it saw; a test judges it.
import OpenAI from 'openai';

const { BASE_URL, API_KEY, CHAT_MODEL, IMAGE_MODEL, EMBEDDING_MODEL } = process.env;
// The client waits as an answer 429 says, and tries again: a plan may have little room for requests in a row.
const client = new OpenAI({ baseURL: BASE_URL, apiKey: API_KEY, maxRetries: 5 });
const messages = [{ role: 'user', content: 'Tell me of foxes.' }];
const tools = [{ type: 'function', function: { name: 'look_up', parameters: { type: 'object', properties: { what: { type: 'string' } } } } }];
const seen = {};

const refusal = async (call) => {
  try {
    await call();
    return null;
  } catch (error) {
    return { kind: error.constructor.name, status: error.status, code: error.code, type: error.type, param: error.param };
  }
};

const { data: chat, response } = await client.chat.completions.create({ model: CHAT_MODEL, messages }).withResponse();
seen.chat = { content: chat.choices[0].message.content, tokens: chat.usage.total_tokens, charged: response.headers.get('x-credits-charged') };

const stream = await client.chat.completions.create({ model: CHAT_MODEL, messages: [...messages, { role: 'user', content: 'Again.' }], stream: true, stream_options: { include_usage: true } });
seen.stream = { content: '', chunks: 0 };
for await (const chunk of stream) {
  seen.stream.chunks++;
  seen.stream.content += chunk.choices[0]?.delta.content ?? '';
  seen.stream.tokens ??= chunk.usage?.total_tokens;
  seen.stream.settlement ??= chunk.serverlessai?.receipt.settlement;
}

const called = await client.chat.completions.create({ model: CHAT_MODEL, messages, tools });
const call = called.choices[0].message.tool_calls?.[0];
seen.tool = call?.function.name ?? null;
const told = [...messages, called.choices[0].message, { role: 'tool', tool_call_id: call?.id, content: 'Foxes are small.' }];
seen.afterTool = (await client.chat.completions.create({ model: CHAT_MODEL, messages: told, tools })).choices[0].message.content;
const runner = client.chat.completions.stream({ model: CHAT_MODEL, messages: [...messages, { role: 'user', content: 'Use the tool.' }], tools });
seen.streamedTool = (await runner.finalChatCompletion()).choices[0].message.tool_calls?.[0].function.name ?? null;

seen.embeddings = (await client.embeddings.create({ model: EMBEDDING_MODEL, input: ['a fox', 'a dog'] })).data.map((one) => Array.from(one.embedding).length);
seen.image = (await client.images.generate({ model: IMAGE_MODEL, prompt: 'A red fox', size: '1024x1024' })).data[0].url;
seen.models = [];
for await (const model of client.models.list()) {
  seen.models.push(model.id);
}
seen.model = (await client.models.retrieve(CHAT_MODEL)).id;

seen.noModel = await refusal(() => client.chat.completions.create({ model: 'no-such-model', messages }));
seen.wrong = await refusal(() => client.chat.completions.create({ model: CHAT_MODEL, messages: [] }));
seen.nobody = await refusal(() => new OpenAI({ baseURL: BASE_URL, apiKey: 'sai_nobody_nothing', maxRetries: 0 }).models.list());

const aborted = await client.chat.completions.create({ model: CHAT_MODEL, messages: [...messages, { role: 'user', content: 'And leave.' }], stream: true });
for await (const chunk of aborted) {
  seen.abortedAfter = chunk.object;
  aborted.controller.abort();
  break;
}

console.log(JSON.stringify(seen));
