// node purista.mjs MODULES URL: let PURISTA's own Redis state store of npm's `@purista/redis-state-store` write.
const [modules, url] = process.argv.slice(2)
const { RedisStateStore } = await import(`${modules}/@purista/redis-state-store/dist/index.js`)
const store = new RedisStateStore({ config: { url } })

await store.setState("tenant:acme:prod:cart:session-123", { step: "shipping", items: [1, 2.5, null] })
await store.setState("tenant:acme:prod:cart:session-124", "text ünï \u0000")
await store.setState("likes", 3)
await store.setState("flag", false)
await store.setState("nothing", null)
await store.setState("tenant:acme:old", 1)
await store.removeState("tenant:acme:old")
await store.destroy()
