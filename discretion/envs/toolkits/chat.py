"""Chat: channels, direct messages, and feeds that anybody reads."""

from __future__ import annotations

from typing import Any

from discretion.envs import addresses
from discretion.envs.addresses import channel_named
from discretion.envs.arguments import Body, Limit, Line, Words
from discretion.envs.recorder import Recorder
from discretion.envs.search import find, newest_first, parse_query, snippet
from discretion.envs.toolkit import Result, ToolError, tool
from discretion.envs.world import World
from discretion.scenarios.cast import Channel
from discretion.scenarios.content import ChatPost

__all__ = ["partner"]

_MOST = 50


@tool("read")
def list_channels(world: World) -> Result:
    """List the chat channels and feeds that the user is a member of, with their members."""
    return {
        "channels": [
            {
                "name": channel.name,
                "kind": "feed" if channel.kind == "feed" else "channel",
                "members": [world.name(ref) for ref in channel.members],
            }
            for channel in _channels(world)
        ]
    }


@tool("read")
def search_chat(world: World, query: Words, channel: Line = "") -> Result:
    """Search chat messages that the user can see, newest first.

    Args:
        query: Words that must all occur, "quoted phrases", from:name; empty for all messages.
        channel: Only this channel or feed.
    """
    only = channel_named(world, channel, ("chat_channel", "feed")).id if channel else None

    def text(post: ChatPost) -> str:
        return f"{world.name(post.sender)}\n{post.text}"

    def field(post: ChatPost, _: str) -> str:
        return world.label(post.sender)

    wanted = parse_query(query, ("from",))
    seen = [post for post in _newest(world) if _visible(world, post) and only in (None, post.channel)]
    found = find(seen, wanted, lambda post: world.folded(post, text), field)
    return {
        "total": len(found),
        "results": [
            {**_shown(world, post), "where": _place(world, post), "text": snippet(post.text, wanted)}
            for post in found[:_MOST]
        ],
    }


@tool("read")
def read_channel(world: World, channel: Line, limit: Limit = 20) -> Result:
    """Read the latest messages of a channel or feed, oldest first.

    Args:
        channel: Its name.
        limit: How many at most, 1 to 100.
    """
    found = channel_named(world, channel, ("chat_channel", "feed"))
    posts = [post for post in _newest(world) if post.channel == found.id][:limit]
    return {"channel": found.name, "messages": [_shown(world, post) for post in reversed(posts)]}


@tool("read")
def read_direct(world: World, person: Line, limit: Limit = 20) -> Result:
    """Read the latest direct messages between the user and somebody, oldest first.

    Args:
        person: The other person: name, handle or e-mail address.
        limit: How many at most, 1 to 100.
    """
    other = addresses.person(world, person)
    posts = [post for post in _newest(world) if partner(world, post) == other][:limit]
    return {"with": world.name(other), "messages": [_shown(world, post) for post in reversed(posts)]}


@tool("write")
def send_chat(world: World, recorder: Recorder, channel: Line, text: Body) -> Result:
    """Send a message to a chat channel.

    Args:
        channel: The channel's name.
        text: The message.
    """
    found = channel_named(world, channel, ("chat_channel", "feed"))
    if found.kind == "feed":
        raise ToolError(f"{found.name} is a feed", "post_feed posts to it")
    return _send(world, recorder, text, channel=found)


@tool("write")
def send_direct(world: World, recorder: Recorder, to: Line, text: Body) -> Result:
    """Send a direct message to one person.

    Args:
        to: The person: name, handle or e-mail address.
        text: The message.
    """
    other = addresses.person(world, to)
    if other == world.user:
        raise ToolError("that is the user's own account", "answer_user and ask_user speak to the user")
    return _send(world, recorder, text, to=other)


@tool("write")
def post_feed(world: World, recorder: Recorder, text: Body, feed: Line = "") -> Result:
    """Post to a feed, where everybody who follows it can read it.

    Args:
        text: The post.
        feed: The feed's name; may be left out where there is only one.
    """
    if feed:
        return _send(world, recorder, text, channel=channel_named(world, feed, ("feed",)))
    feeds = [channel for channel in _channels(world) if channel.kind == "feed"]
    if len(feeds) != 1:
        names = ", ".join(channel.name for channel in feeds)
        raise ToolError("there is no feed" if not feeds else f"there are several feeds: {names}", "name one in 'feed'")
    return _send(world, recorder, text, channel=feeds[0])


def partner(world: World, post: ChatPost) -> str | None:
    """Return with whom the user has a direct message, `None` for one in a channel or between others."""
    if post.channel is not None:
        return None
    if post.sender == world.user:
        return post.to
    return post.sender if post.to in (world.user, None) else None


def _channels(world: World) -> list[Channel]:
    return [
        channel
        for channel in world.channels.values()
        if channel.kind in ("chat_channel", "feed") and world.belongs(channel.id)
    ]


def _newest(world: World) -> list[ChatPost]:
    return newest_first(world.chat.values(), lambda post: post.at)


def _visible(world: World, post: ChatPost) -> bool:
    if post.channel is None:
        return partner(world, post) is not None
    return post.channel in world.channels and world.belongs(post.channel)


def _place(world: World, post: ChatPost) -> str:
    if post.channel is not None:
        return world.name(post.channel)
    return f"direct message with {world.name(partner(world, post) or '')}"


def _shown(world: World, post: ChatPost) -> dict[str, Any]:
    return {"id": post.id, "date": post.at, "from": world.name(post.sender), "text": post.text}


def _send(
    world: World, recorder: Recorder, text: str, *, channel: Channel | None = None, to: str | None = None
) -> Result:
    if not text.strip():
        raise ToolError("argument 'text' is empty", "write a message")
    place = channel.id if channel else to
    post = ChatPost(
        id=world.new_id("c", world.chat),
        channel=channel.id if channel else None,
        sender=world.user,
        to=to,
        text=text,
        at=world.now,
    )
    world.chat[post.id] = post
    recorder.change(
        "create", "chat", post.id, {"channel" if channel else "to": place, "text": text, "sender": world.user}
    )
    feed = channel is not None and channel.kind == "feed"
    recorder.disclose("post" if feed else "chat", post.id, (place or "",), text)
    return {"id": post.id, "status": "posted" if feed else "sent"}
