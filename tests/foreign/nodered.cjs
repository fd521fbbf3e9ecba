// node nodered.cjs MODULES DIRECTORY: let Node-RED's own file context store of npm's `node-red` write some state.
const [modules, directory] = process.argv.slice(2)
const base = `${modules}/@node-red/runtime/lib/nodes/context/`
const store = require(`${base}/localfilesystem.js`)({ dir: directory, cache: true, flushInterval: 0 })

async function main() {
    await store.open()
    store.set("global", "likes", 3)
    store.set("global", "settings.colours", { night: "dark", "with.dot": null })
    store.set("7f3a", "state", "on")
    store.set("7f3a", "big", 9007199254740991)
    store.set("7f3a", "tiny", 5e-324)
    store.set("n1:7f3a", "count", 41)
    store.set("n1:7f3a", "text", "ünï\u0000\u2028 \u{1F600}")
    store.set("n1:7f3a", "parts[0].deep", [1, 2.5, true, null, []])
    store.set("n2:7f3a", "bytes", Buffer.from("hi"))
    store.set("n2:7f3a", "when", new Date(0))
    store.set("9b2c", "gone", undefined)
    await store.close()
}
main()
