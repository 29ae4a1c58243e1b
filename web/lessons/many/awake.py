import asyncio


async def serve(reader, writer):
    while True:
        data = await reader.read(1024)
        if not data:
            break
        if data == b"slow":
            # This one takes two seconds.
            await asyncio.sleep(2)
        writer.write(data.upper())
        await writer.drain()
    writer.close()


async def main():
    server = await asyncio.start_server(
        serve, "", 12345)
    await server.serve_forever()


asyncio.run(main())
