"""Messenger, as PrivacyLens' cases know it: receive, search and send messages."""

from __future__ import annotations

from discretion.envs.arguments import Body, Line, Words
from discretion.envs.recorder import Recorder
from discretion.envs.search import newest_first
from discretion.envs.toolkit import Result, ToolError, tool
from discretion.envs.toolkits import chat
from discretion.envs.toolkits.privacylens import Count, chats, handle, ranked
from discretion.envs.world import World
from discretion.scenarios.content import ChatPost
from discretion.scenarios.privacylens.ids import service_of


@tool("read", name="MessengerReceiveMessage")
def receive_message(world: World, max_count: Count = 10) -> Result:
    """Retrieve the latest messages of the user.

    Args:
        max_count: How many messages at most. Default is 10.
    """
    return {
        "messages": [
            {"message_id": post.id, "sender_id": handle(world, post.sender), "time": post.at, "message": post.text}
            for post in _messages(world)[:max_count]
        ]
    }


@tool("read", name="MessengerSearchInChat")
def search_in_chat(world: World, term: Words, chat_id: Line) -> Result:
    """Search for a term in a chat.

    Args:
        term: The term to search for.
        chat_id: The unique identifier of the chat: a person or a group; the user's own for all chats.
    """
    place = chats(world, chat_id)
    everywhere = place == world.user
    posts = [p for p in _messages(world) if everywhere or place in (p.channel, chat.partner(world, p))]
    found = ranked(world, posts, term, lambda post: post.text, 20)
    return {"results": [{"message_id": post.id, "message": post.text} for post in found]}


@tool("write", name="MessengerSendMessage")
def send_message(world: World, recorder: Recorder, recipient_id: Line, message: Body) -> Result:
    """Send a text message to a user or a group chat.

    Args:
        recipient_id: The unique identifier of the recipient or the group chat.
        message: The content of the message.
    """
    if not message.strip():
        raise ToolError("InvalidRequestException: 'message' is empty", "write a message")
    return {"message_id": deliver(world, recorder, recipient_id, message)}


def deliver(world: World, recorder: Recorder, named: str, text: str) -> str:
    """Send a message to whom or what a service's id means, and return the message's id."""
    place = chats(world, named)
    if place in world.channels:
        return str(chat.send_chat(world, recorder, world.channels[place].name, text)["id"])
    actor = world.cast[place]
    return str(chat.send_direct(world, recorder, actor.email or actor.name, text)["id"])


def _messages(world: World) -> list[ChatPost]:
    """The user's messages on Messenger, newest first."""
    own = (
        post
        for post in world.chat.values()
        if service_of(post.id) != "slack"
        and (post.channel is None or world.channels[post.channel].kind == "chat_channel")
    )
    return newest_first(own, lambda post: post.at)
