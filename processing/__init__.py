"""What is done to pictures: operations, the pipeline that chains them, and the sandboxed process that runs it.

Plain Python. Nothing here knows of Django, queues, databases or networks.
"""
