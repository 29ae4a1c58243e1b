import asyncio


async def say(writer, name, text):
    writer.write(name)
    # Finds the right words.
    await asyncio.sleep(0.5)
    writer.write(text)


async def main():
    connect = asyncio.open_connection
    _, writer = await connect(
        "server", 12345)
    await asyncio.gather(
        say(writer, b"Ann: ",
            b"see you at ten\n"),
        say(writer, b"Bob: ",
            b"bring the map\n"))
    writer.close()
    await writer.wait_closed()


asyncio.run(main())
