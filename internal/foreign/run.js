// Runs files of ONNX in onnxruntime: node run.js FOLDER. For each NAME.onnx there are inputs
// in NAME.json, { name: { type, dims, data } } with the numbers that JSON has not as words;
// NAME.out.json gets the outputs alike.
const fs = require('fs')
const path = require('path')
const ort = require('onnxruntime-node')

const number = (x) => (typeof x === 'string' ? { nan: NaN, inf: Infinity, '-inf': -Infinity }[x] : x)

function tensor({ type, dims, data }) {
  switch (type) {
    case 'string': return new ort.Tensor('string', data, dims)
    case 'int64': return new ort.Tensor('int64', BigInt64Array.from(data.map(BigInt)), dims)
  }
  return new ort.Tensor('float32', Float32Array.from(data.map(number)), dims)
}

function plain({ type, dims, data }) {
  return { type, dims, data: Array.from(data, (x) => (typeof x === 'bigint' ? Number(x) : Number.isFinite(x) ? x : String(x))) }
}

async function main() {
  const folder = process.argv[2]
  for (const file of fs.readdirSync(folder).filter((f) => f.endsWith('.onnx'))) {
    const base = path.join(folder, file.slice(0, -5))
    const out = { outputs: {} }
    try {
      const session = await ort.InferenceSession.create(base + '.onnx', { logSeverityLevel: 3 })
      const feeds = {}
      for (const [name, x] of Object.entries(JSON.parse(fs.readFileSync(base + '.json', 'utf8')))) feeds[name] = tensor(x)
      for (const [name, x] of Object.entries(await session.run(feeds))) out.outputs[name] = plain(x)
    } catch (e) {
      out.error = String(e)
    }
    fs.writeFileSync(base + '.out.json', JSON.stringify(out))
  }
}

main().catch((e) => { console.error(e); process.exit(1) })
