import asyncio


async def serve(reader, writer):
    while True:
        # While it waits, others go on.
        data = await reader.read(1024)
        if not data:
            break
        writer.write(data.upper())
        await writer.drain()
    writer.close()


async def main():
    server = await asyncio.start_server(
        serve, "", 12345)
    await server.serve_forever()


asyncio.run(main())
