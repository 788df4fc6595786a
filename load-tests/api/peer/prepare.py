"""Makes the peer's tables and one user; prints {"token": ...} as JSON."""

import json
import time

import jwt
from app import SECRET, Base, SessionLocal, User, engine

Base.metadata.create_all(engine)
with SessionLocal() as db:
    user = User(email="load@example.org")
    db.add(user)
    db.commit()
    claims = {"sub": str(user.id), "exp": int(time.time()) + 3600}
    print(json.dumps({"token": jwt.encode(claims, SECRET, algorithm="HS256")}))
