"""A subscriber that shares no code with Plumbline: dumps topics as NDJSON, read_committed, from the first record to the last stable offset.

    python subscriber.py BOOTSTRAP TOPIC... [-X property=value]...

One line a record: topic, partition, offset, timestamp (ms), key, value (hexadecimal, null if absent), headers. Topics are read in the
given order, each to the end that it has when its turn comes.
"""

import json
import sys

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition

TIMEOUT_SECONDS = 60


def settings(bootstrap, properties):
    return {
        "bootstrap.servers": bootstrap,
        # librdkafka needs the name of a group even for a consumer that joins none.
        "group.id": "independent-subscriber",
        "isolation.level": "read_committed",
        "enable.auto.commit": False,
        "enable.partition.eof": True,
        "allow.auto.create.topics": False,
        "fetch.wait.max.ms": 50,
        **properties,
    }


def hexed(data):
    return None if data is None else data.hex()


def dump(consumer, topic, out):
    known = consumer.list_topics(topic, timeout=TIMEOUT_SECONDS).topics[topic]
    if known.error is not None:
        raise KafkaException(known.error)
    left = set(known.partitions)
    consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in left])
    while left:
        message = consumer.poll(TIMEOUT_SECONDS)
        if message is None:
            sys.exit(f"{topic}: no record for {TIMEOUT_SECONDS} s, partitions {sorted(left)} are incomplete")
        if message.error() is not None:
            if message.error().code() != KafkaError._PARTITION_EOF:
                raise KafkaException(message.error())
            if message.topic() == topic:
                left.discard(message.partition())
            continue
        if message.topic() != topic or message.partition() not in left:
            continue
        record = {
            "topic": topic,
            "partition": message.partition(),
            "offset": message.offset(),
            "timestamp": message.timestamp()[1],
            "key": hexed(message.key()),
            "value": hexed(message.value()),
            "headers": [[name, hexed(value)] for name, value in message.headers() or []],
        }
        out.write(json.dumps(record) + "\n")


def main(arguments):
    bootstrap, topics, properties = arguments[0], [], {}
    rest = iter(arguments[1:])
    for argument in rest:
        if argument == "-X":
            name, _, value = next(rest).partition("=")
            properties[name] = value
        else:
            topics.append(argument)
    consumer = Consumer(settings(bootstrap, properties))
    for topic in topics:
        dump(consumer, topic, sys.stdout)
    consumer.close()


if __name__ == "__main__":
    main(sys.argv[1:])
